@testable import Configuration
import Testing

@Suite struct VersionTests {
    private func load(_ text: String) throws(TernConfigurationError) -> LoadedConfiguration {
        try ConfigurationReader.load(text: text, host: .current())
    }

    @Test("a configuration of this version, or without one, is read")
    func known() throws {
        #expect(try load("configuration_version: 1").configuration.version == 1)
        #expect(try load("sip: {}").configuration.version == GatewayConfiguration.latestVersion)
    }

    @Test("a configuration for a later Tern is refused, with both versions")
    func later() throws {
        for text in ["configuration_version: 2", "configuration_version: 0", "configuration_version: one"] {
            #expect(throws: TernConfigurationError.self) { try load(text) }
        }
        do throws(TernConfigurationError) {
            _ = try load("configuration_version: 7")
        } catch {
            #expect(error.description.contains("for a later Tern: its version is 7"), "\(error)")
        }
    }
}
