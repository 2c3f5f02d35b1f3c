internal import JSON
internal import Logging

extension BrowserClient {
    /// What `login` and `resume` answer.
    var introduction: [String: JSONValue] {
        ["user": .string(user.name), "connection_id": .string(id), "resume_token": .string(resumeToken)]
    }

    /// Who it is, for the log.
    nonisolated var metadata: Logger.Metadata { ["client": "\(id)", "user": "\(user.name)"] }
}
