internal import Dispatch

/// Runs what may wait for a disk, one after another, on a thread of its own.
final class DiskQueue: Sendable {
    private let queue = DispatchQueue(label: "tern.recording.disk")

    func run<Value: Sendable>(
        _ body: @escaping @Sendable () throws(RecordingError) -> Value
    ) async throws(RecordingError) -> Value {
        let result: Result<Value, RecordingError> = await withCheckedContinuation { done in
            queue.async {
                do throws(RecordingError) {
                    done.resume(returning: .success(try body()))
                } catch {
                    done.resume(returning: .failure(error))
                }
            }
        }
        return try result.get()
    }
}
