print("a program of Python 3")
