// ProxyCoreTests
