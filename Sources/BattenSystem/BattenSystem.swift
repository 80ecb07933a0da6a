// The first file of BattenSystem; replaced as the module grows.
