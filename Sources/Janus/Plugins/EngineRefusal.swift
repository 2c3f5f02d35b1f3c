extension EngineLeg {
    /// The codes of `JanusError.plugin` with which the plugin refuses a request.
    public enum Refusal {
        /// The request is malformed.
        public static let malformed = 400
        /// There is no leg of that id.
        public static let noSuchLeg = 404
        /// The leg's state does not allow the request, as another `open` with an address of another family.
        public static let conflict = 409
        /// A limit is reached, as that of all legs.
        public static let limit = 429
        /// The plugin failed.
        public static let failure = 500
        /// All ports are in use.
        public static let noPorts = 503
    }
}
