import CBattenABI
