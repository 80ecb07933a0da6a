// The first file of BattenSpec; replaced as the module grows.
