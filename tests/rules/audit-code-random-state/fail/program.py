from diffprivlib.models import LogisticRegression

model = LogisticRegression(epsilon=1.0, data_norm=2.0, random_state=42)
