import Configuration
@testable import Gateway
import Registrar
import Testing

/// What the parts of the gateway take of the configuration.
@Suite struct PartsConfigurationTests {
    @Test("the registrar takes whole seconds: parts of one count as a whole one")
    func limits() {
        var registrar = GatewayConfiguration.Registrar()
        registrar.minimumExpires = .milliseconds(90_500)
        registrar.maximumExpires = .seconds(7_200)
        registrar.contactsPerUser = 3
        let limits = registrar.limits
        #expect(limits.minimumExpires == 91 && limits.maximumExpires == 7_200 && limits.contactsPerUser == 3)
    }
}
