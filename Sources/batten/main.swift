print("batten")
