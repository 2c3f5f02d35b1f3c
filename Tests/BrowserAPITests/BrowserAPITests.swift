// BrowserAPITests
