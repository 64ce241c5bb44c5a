print("the hidden sitecustomize ran as", __name__)
