// The first file of BattenEngine; replaced as the module grows.
