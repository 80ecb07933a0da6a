public import BattenPlugin

/// The configuration of an instance, over what its plugin was started with.
public enum PluginSettings {
    /// The members of both; where both have one, the instance's.
    public static func merged(_ plugin: JSON, _ instance: JSON) -> JSON {
        guard var members = plugin.object else { return instance }
        for member in instance.object ?? [:] { members[member.name] = member.value }
        return .object(members)
    }
}
