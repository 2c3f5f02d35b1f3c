internal import BrowserAPI
internal import Cluster
internal import EventLoop
internal import Registrar
internal import SIPNames

/// The users who can be called, and where: the configuration's, and guests, whom a token lets in as long as they are logged in.
@LoopActor
final class UserDirectory {
    private var users: [String: CallSettings.User] = [:]
    private var admitsGuests = false
    /// The browsers of users.
    weak var browsers: (any BrowserSource)?
    /// The phones of users; nil until the gateway has started.
    var phones: (any ContactSource)?
    /// What other nodes of the cluster have; nil where there is none.
    weak var others: (any OtherNodes)?

    init(_ settings: CallSettings) { apply(settings) }

    /// Takes the users of other settings.
    func apply(_ settings: CallSettings) {
        users = settings.users
        admitsGuests = settings.admitsGuests
    }

    /// Whether `name` is that of a browser's user who is logged in by a token and is none of the configuration's.
    func isGuest(_ name: String) -> Bool { admitsGuests && (!clients(of: name).isEmpty || others?.hasBrowser(name) == true) }

    /// Whether `name` is that of a user of the configuration, or of a guest.
    func isUser(_ name: String) -> Bool { users[name] != nil || isGuest(name) }

    func displayName(of user: String) -> String? { users[user]?.displayName }

    /// Whether the calls of a user of the configuration are recorded.
    func isRecorded(_ user: String) -> Bool { users[user]?.isRecorded ?? false }

    /// The user's clients of the browser API.
    func clients(of user: String) -> [BrowserClient] { browsers?.clients(of: user) ?? [] }

    /// The contacts that the user's phones have registered.
    func contacts(of user: String) -> [Binding] { phones?.targets(of: user) ?? [] }

    /// The other nodes that ring something of a user's, but for those that have no more than flows of these phones, or of the one that calls.
    func nodes(of user: String, except instances: Set<String>, caller: SIPURI?) -> [ClusterTarget] {
        others?.nodes(of: user, except: instances, caller: caller) ?? []
    }

    /// The contacts of a user's phones at nodes that are gone, which are reached from here through their Path.
    func stranded(of user: String) -> [Binding] { others?.stranded(of: user) ?? [] }
}

/// Who knows the clients of users.
@LoopActor
protocol BrowserSource: AnyObject {
    func clients(of user: String) -> [BrowserClient]
}

extension BrowserAPI: BrowserSource {}

/// Who knows the contacts of users.
@LoopActor
protocol ContactSource: AnyObject {
    /// The contacts that a call to `user` goes to.
    func targets(of user: String) -> [Binding]
}

extension RegistrarService: ContactSource {}
