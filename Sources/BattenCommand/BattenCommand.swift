// The first file of BattenCommand; replaced as the module grows.
