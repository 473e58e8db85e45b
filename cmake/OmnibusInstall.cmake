# Install rules: headers, libraries, the exported CMake package and a pkg-config file.
