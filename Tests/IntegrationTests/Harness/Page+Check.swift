import Foundation
import Testing

extension Page {
    /// Looks on four screens, light and dark, for what page-check.js finds wrong with what is shown.
    func check(_ what: String, in environment: TestEnvironment, _ location: SourceLocation = #_sourceLocation) async throws {
        let file = environment.root.appendingPathComponent("Tests/IntegrationTests/Harness/page-check.js")
        let script = try String(contentsOf: file, encoding: .utf8)
        for (width, height) in [(320, 640), (700, 340), (820, 1_180), (1_280, 800)] {
            for isDark in [false, true] {
                try await screen(width, height, isDark: isDark)
                let problems = (try await run(script).arrayValue ?? []).compactMap(\.stringValue)
                #expect(problems == [], "\(what), \(width)×\(height)\(isDark ? ", dark" : "")", sourceLocation: location)
            }
        }
        try await screen(900, 900)
    }
}
