/// The names of a session's recordings: that of the session, then with `-2`, `-3` and so on.
struct RecordingNames: Sendable, Equatable {
    private let session: String
    private var count = 0
    /// The recording that runs.
    private(set) var current: String?
    /// Which part of it.
    private(set) var part = 1
    /// Whether Janus has said that it does.
    private(set) var isConfirmed = false
    /// Whether a leg may have closed its files: those of this part are not begun again.
    private(set) var isInterrupted = false

    /// Parts of one recording; behind the last one a new recording begins.
    static let mostParts = 500

    init(session: String) { self.session = session }

    /// Begins a new file, unless one runs or none is wanted.
    mutating func begin(if wanted: Bool) -> String? {
        guard wanted, current == nil else { return nil }
        count += 1
        let name = count == 1 ? session : "\(session)-\(count)"
        current = name
        part = 1
        isConfirmed = false
        isInterrupted = false
        return name
    }

    /// Goes on in another part. Gives the name of the recording that ends by it, where there are too many.
    mutating func goOn() -> String? {
        guard current != nil else { return nil }
        isInterrupted = false
        guard part >= RecordingNames.mostParts else {
            part += 1
            return nil
        }
        return end()
    }

    /// A leg may have ended it, and is to go on with it.
    mutating func interrupt() { isInterrupted = current != nil }

    /// Janus records it.
    mutating func confirm() { isConfirmed = current != nil }

    /// Ends the one that runs, and says which it was.
    mutating func end() -> String? {
        defer { current = nil }
        return current
    }
}
