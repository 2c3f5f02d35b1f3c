internal import EventLoop
internal import ProxyCore

/// What a call tries, one stage after the other: the legs that it may ring, and the sessions that those need.
///
/// Parties that ring at once may want media of different kinds; each kind is a branch, with a session of its own until it is
/// clear who answers.
@LoopActor
struct CallPlan {
    /// What a branch's session is made from.
    struct Branch: Equatable {
        let kind: SessionKind
        let profiles: [SessionSide: SIPProfile]

        /// Without what is told to peers in local networks alone: a session that was made before tells all of them the same.
        fileprivate var elsewhere: Branch {
            Branch(kind: kind, profiles: profiles.mapValues { profile in
                var profile = profile
                profile.isLocal = false
                return profile
            })
        }
    }

    private(set) var stages: [Call.Stage] = []
    private(set) var callees: [Call.Leg: any CalleeLeg] = [:]
    private(set) var branches: [Call.Branch: Branch] = [:]
    /// Why destinations have nobody who could be called, in words: "carol has no phone or browser".
    private(set) var absences: [String] = []
    /// The only session that there is, for a call whose caller had it made before: others can answer nothing.
    private let only: Branch?

    init(only: Branch? = nil) {
        self.only = only
        if let only { branches[1] = only }
    }

    /// How the call ends at once, where there is nobody to try; nil where there is.
    var refusal: CallEnd? {
        for stage in stages {
            switch stage {
            case .parties(let parties): if !parties.isEmpty { return nil }
            case .echo: return nil
            case .reject(let end): return end
            }
        }
        return .notReachable
    }

    /// The plan's ``refusal`` in words, for the log.
    var refusalWords: String {
        let end = refusal ?? .notReachable
        let rejection = stages.contains { if case .reject = $0 { true } else { false } } ? ["the route rejects it: \(end.status) \(end.reason)"] : []
        let words = absences + rejection
        return words.isEmpty ? end.reason : words.joined(separator: "; ")
    }

    mutating func note(absence: String) { absences.append(absence) }

    /// Adds a stage in which all of these ring at once.
    mutating func add(_ legs: [(leg: any CalleeLeg, branch: Branch)]) {
        var parties: [Call.Party] = []
        for (leg, branch) in legs {
            guard let branch = number(of: branch) else { continue }
            let number = callees.count + 1
            callees[number] = leg
            parties.append(Call.Party(number, branch: branch))
        }
        stages.append(.parties(parties))
    }

    /// Adds parties to a call that runs already, and says which; those whose media no session can have are left out.
    mutating func join(_ legs: [(leg: any CalleeLeg, branch: Branch)]) -> [Call.Party] {
        add(legs)
        guard case .parties(let parties)? = stages.popLast() else { return [] }
        return parties
    }

    mutating func addEcho(_ branch: Branch) {
        guard let branch = number(of: branch) else { return }
        stages.append(.echo(branch))
    }

    mutating func add(rejection end: CallEnd) { stages.append(.reject(end)) }

    private mutating func number(of branch: Branch) -> Call.Branch? {
        guard only == nil else { return branches.first { $0.value.elsewhere == branch.elsewhere }?.key }
        if let known = branches.first(where: { $0.value == branch }) { return known.key }
        let number = branches.count + 1
        branches[number] = branch
        return number
    }
}
