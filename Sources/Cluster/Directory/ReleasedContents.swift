/// Contents that count no longer, on their way to a queue where they are freed.
final class ReleasedContents: @unchecked Sendable {
    private var contents: [NodeContent]

    init(_ contents: [NodeContent]) { self.contents = contents }

    func release() { contents = [] }
}
