print "a program of Python 2"
