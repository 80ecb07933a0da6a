// The first file of BattenStore; replaced as the module grows.
