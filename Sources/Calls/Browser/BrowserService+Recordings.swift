public import BrowserAPI
public import EventLoop
public import Events
internal import JSON

/// Where finished recordings, and the calls that they are of, are looked up.
public struct RecordingLookup {
    /// The latest recorded calls of a user; nil is everybody's.
    public var calls: @LoopActor (_ user: String?, _ limit: Int) async throws(APIError) -> [CallRecord]
    /// A call by its id.
    public var call: @LoopActor (String) async throws(APIError) -> CallRecord?
    /// The file of a recording by its name, with its bytes; nil where it is not finished.
    public var file: @LoopActor (String) async -> (path: String, size: Int)?
    /// An address at which a file can be downloaded for a while, for a user.
    public var offer: @LoopActor (_ path: String, _ user: String) async -> String?

    public init(
        calls: @escaping @LoopActor (String?, Int) async throws(APIError) -> [CallRecord], call: @escaping @LoopActor (String) async throws(APIError) -> CallRecord?,
        file: @escaping @LoopActor (String) async -> (path: String, size: Int)?, offer: @escaping @LoopActor (String, String) async -> String?
    ) {
        self.calls = calls
        self.call = call
        self.file = file
        self.offer = offer
    }
}

extension BrowserService {
    /// How many clients of one user may have their recordings looked up at a time: the database does one thing after another.
    private static let mostListing = 4

    func listRecordings(_ command: ListRecordings, _ client: BrowserClient, _ reply: BrowserReply) throws(APIError) {
        guard let lookup = recordings else { throw APIError(.notSupported) }
        let user = client.user.isAdmin ? nil : client.user.name
        let (name, id) = (client.user.name, client.id)
        var clients = listing[name] ?? []
        guard clients.count < BrowserService.mostListing, clients.insert(id).inserted else {
            throw APIError(.tooManyRequests, "a list of recordings is being made already")
        }
        listing[name] = clients
        LoopActor.task {
            defer {
                self.listing[name]?.remove(id)
                if self.listing[name]?.isEmpty == true { self.listing[name] = nil }
            }
            do throws(APIError) {
                var list: [JSONValue] = []
                for call in try await lookup.calls(user, command.limit) {
                    for name in call.recordings {
                        guard let file = await lookup.file(name) else { continue }
                        list.append(BrowserService.entry(name, file, of: call))
                    }
                }
                reply.ok(["recordings": .array(list)])
            } catch {
                reply.fail(error)
            }
        }
    }

    private static func entry(_ name: String, _ file: (path: String, size: Int), of call: CallRecord) -> JSONValue {
        [
            "call_id": .string(call.id), "file": .string(name), "path": .string(fileName(file.path)), "size": .integer(file.size),
            "began": .integer(call.times.began), "caller": .string(call.caller.user), "dialled": .string(call.dialled),
        ]
    }

    private static func fileName(_ path: String) -> String { String(path.split(separator: "/").last ?? "") }

    /// To others than its users and admins a call does not exist.
    func getRecording(_ command: GetRecording, _ client: BrowserClient, _ reply: BrowserReply) throws(APIError) {
        guard let lookup = recordings else { throw APIError(.notSupported) }
        let user = client.user
        LoopActor.task {
            do throws(APIError) {
                guard let call = try await lookup.call(command.callID), user.isAdmin || call.isOf(user.name) else { throw APIError.unknownCall() }
                guard call.recordings.contains(command.file), let file = await lookup.file(command.file), let address = await lookup.offer(file.path, user.name) else {
                    throw APIError(.wrongState, "`file`: there is no such recording, or it is not finished")
                }
                reply.ok(["url": .string(address), "path": .string(BrowserService.fileName(file.path)), "size": .integer(file.size)])
            } catch {
                reply.fail(error)
            }
        }
    }
}
