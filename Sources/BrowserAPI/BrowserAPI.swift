// BrowserAPI
