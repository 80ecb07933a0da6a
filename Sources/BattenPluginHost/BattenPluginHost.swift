// The first file of BattenPluginHost; replaced as the module grows.
