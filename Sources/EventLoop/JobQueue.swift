/// Jobs in the order in which they were queued: an array that is read from its front and emptied when it was read to its end.
struct JobQueue {
    private var storage: [UnownedJob] = []
    private var next = 0

    var isEmpty: Bool { next == storage.count }

    /// Moves all of `jobs` to the end of this queue.
    mutating func append(_ jobs: inout [UnownedJob]) {
        if isEmpty {
            storage.removeAll(keepingCapacity: true)
            next = 0
            swap(&storage, &jobs)
        } else {
            storage += jobs
            jobs.removeAll(keepingCapacity: true)
        }
    }

    mutating func popFirst() -> UnownedJob? {
        guard next < storage.count else { return nil }
        defer { next += 1 }
        return storage[next]
    }
}
