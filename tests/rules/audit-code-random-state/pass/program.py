from diffprivlib.models import LogisticRegression

model = LogisticRegression(epsilon=1.0, data_norm=2.0)
