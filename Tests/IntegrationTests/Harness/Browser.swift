import JSON

/// A headless browser whose microphone hears a tone and whose camera sees a moving picture.
protocol Browser: Sendable {
    /// What the microphone hears, in Hz.
    nonisolated var frequency: Double { get }

    /// Opens an address in a window of its own.
    func open(_ url: String) async throws -> Page

    /// Closes one of its windows.
    func close(_ handle: String) async throws

    /// Runs a script in a window; it calls the last of its arguments with its value.
    func execute(_ script: String, _ arguments: [JSONValue], in handle: String) async throws -> JSONValue

    /// What pages wrote to their console.
    func console() async -> String

    func quit() async
}
