internal import BrowserAPI
internal import Diagnosis
internal import EventLoop
internal import JSON

extension RecordService {
    /// Puts in the commands by which operators look up calls.
    func serve(_ commands: AdminCommands) {
        commands["find_calls"] = { [weak self] fields throws(APIError) in
            let query = try RecordQuery(fields)
            return ["calls": try await RecordService.answer { () throws(RecordError) in try await self?.find(query) } ?? []]
        }
        commands["get_call"] = { [weak self] fields throws(APIError) in
            let id = try fields.text("call_id", bytes: 1...512)
            guard let call = try await RecordService.answer({ () throws(RecordError) in try await self?.call(id) ?? nil }) else { throw .unknownCall() }
            return ["call": call]
        }
    }

    private static func answer(_ body: @LoopActor () async throws(RecordError) -> JSONValue?) async throws(APIError) -> JSONValue? {
        do throws(RecordError) { return try await body() } catch { throw APIError(.internalError, error.description) }
    }
}

extension RecordQuery {
    init(_ fields: Fields) throws(APIError) {
        self.init()
        isFailed = try fields.optionalFlag("failed") ?? false
        if let text = try fields.optionalText("line_test", bytes: 1...32) {
            guard let finding = Finding(text) else { throw APIError(.invalidField, "`line_test` must be a severity or code of a line test") }
            lineTest = finding
        }
        from = try fields.optionalText("from", bytes: 1...512).map(Pattern.init)
        to = try fields.optionalText("to", bytes: 1...512).map(Pattern.init)
        since = try fields.optionalInteger("since", in: 0...Int.max)
        until = try fields.optionalInteger("until", in: 0...Int.max)
        limit = try fields.optionalInteger("limit", in: 1...RecordQuery.most) ?? limit
    }
}
