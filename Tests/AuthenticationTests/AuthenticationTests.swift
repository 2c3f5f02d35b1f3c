import Testing
@testable import Authentication
