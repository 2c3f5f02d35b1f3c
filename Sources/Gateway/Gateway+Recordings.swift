internal import BrowserAPI
internal import Calls
internal import Diagnosis
internal import EventLoop
internal import Events
internal import Recording
internal import Web

extension Gateway {
    /// Where the browser API finds finished recordings.
    var recordingLookup: RecordingLookup {
        RecordingLookup(
            calls: { [records] user, limit throws(APIError) in
                do throws(RecordError) { return try await records.recorded(of: user, limit: limit) } catch { throw APIError(.internalError, error.description) }
            },
            call: { [records] id throws(APIError) in
                do throws(RecordError) { return try await records.record(id) } catch { throw APIError(.internalError, error.description) }
            },
            file: { [recordings] name in
                guard let name = RecordingName(name) else { return nil }
                return await recordings.file(name)
            },
            offer: { [downloads] path, user in await downloads.offer(path, to: user) })
    }
}
