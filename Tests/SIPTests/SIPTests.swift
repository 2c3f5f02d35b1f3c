// SIPTests
