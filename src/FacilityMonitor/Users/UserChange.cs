using FacilityMonitor.Registry;

namespace FacilityMonitor.Users;

/// <summary>What can be changed of a user.</summary>
internal abstract record UserChange
{
    private UserChange()
    {
    }

    /// <summary>The word in the audit.</summary>
    public abstract string Word { get; }

    /// <summary>What the audit says beside it.</summary>
    public virtual string Detail => "";

    /// <summary>Whether sessions that were opened before are over.</summary>
    public virtual bool EndsSessions => true;

    /// <summary>The user with the change; the stamp is somebody else's.</summary>
    public abstract User Apply(User user);

    public sealed record Role(UserRole To) : UserChange
    {
        public override string Word => "user-role";

        public override string Detail => Words.Of(To);

        public override User Apply(User user) => user with { Role = To };
    }

    public sealed record Sites(SiteScope To) : UserChange
    {
        public override string Word => "user-sites";

        public override string Detail => To.ToString();

        public override User Apply(User user) => user with { Sites = To };
    }

    public sealed record Disable : UserChange
    {
        public override string Word => "user-disable";

        public override User Apply(User user) => user with { IsDisabled = true };
    }

    public sealed record Enable : UserChange
    {
        public override string Word => "user-enable";

        public override User Apply(User user) => user with { IsDisabled = false };
    }

    /// <param name="PasswordHash">As the hasher writes it.</param>
    public sealed record Password(string PasswordHash) : UserChange
    {
        public override string Word => "user-password";

        public override User Apply(User user) => user with { PasswordHash = PasswordHash };

        public override string ToString() => nameof(Password);
    }

    /// <param name="DisplayName">How the person is addressed.</param>
    /// <param name="Note">Whatever helps.</param>
    /// <param name="Person">Who it is in people.yaml; null: whoever has the same name there.</param>
    public sealed record Names(string DisplayName, string Note, string? Person) : UserChange
    {
        public override string Word => "user-names";

        public override string Detail => string.Join(" · ", ((string?[])[DisplayName, Person, Note]).Where(part => !string.IsNullOrEmpty(part)));

        public override bool EndsSessions => false;

        public override User Apply(User user) => user with { DisplayName = DisplayName, Note = Note, Person = Person };
    }

    public sealed record Language(string? To) : UserChange
    {
        public override string Word => "user-language";

        public override string Detail => To ?? "";

        public override bool EndsSessions => false;

        public override User Apply(User user) => user with { Language = To };
    }
}
