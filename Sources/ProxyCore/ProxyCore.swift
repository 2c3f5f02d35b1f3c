// ProxyCore
