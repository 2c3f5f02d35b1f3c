import Testing
@testable import Resolver
