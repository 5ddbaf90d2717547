namespace FacilityMonitor.Registry;

/// <summary>What a registry must keep to beyond the form of its single values: names that are unique, references that lead somewhere, a tree that is one.</summary>
public static class FacilityValidation
{
    /// <summary>Every contradiction at once, in the order of the registry.</summary>
    public static IReadOnlyList<FacilityProblem> Check(Facility facility, KnownRules? rules)
    {
        ArgumentNullException.ThrowIfNull(facility);
        var problems = new List<FacilityProblem>();
        Duplicates(problems, facility.Sites, site => site.Id, new LocalText("点位", "site"));
        Overrides(problems, facility, facility.Rules, rules);
        foreach (var site in facility.Sites)
            new SiteCheck(site, rules, problems).Run();
        ForeignTwice(problems, facility);
        Contacts(problems, facility);
        PeopleCheck(problems, facility);
        return problems;
    }

    private static void ForeignTwice(List<FacilityProblem> problems, Facility facility)
    {
        var doubled = facility.Sites.SelectMany(site => site.Devices.Select(device => (site, device)))
            .Where(pair => pair.device.Foreign is not null)
            .GroupBy(pair => pair.device.Foreign!)
            .SelectMany(same => same.Skip(1).Select(later => (First: same.First(), Later: later)));
        foreach (var (first, later) in doubled)
        {
            problems.Add(new(later.device, "foreign", new(
                $"'{later.device.Foreign}' 已用于 {first.site.Id}/{first.device.Id}；一个外来设备只能登记一次，请删去其中一处",
                $"'{later.device.Foreign}' is already {first.site.Id}/{first.device.Id}; a foreign device is registered once, remove one of them")));
        }
    }

    private static void Contacts(List<FacilityProblem> problems, Facility facility)
    {
        Duplicates(problems, facility.Contacts, contact => contact.Id, new LocalText("联系人", "contact"));
        var sites = facility.Sites.Select(site => site.Id).ToList();
        foreach (var contact in facility.Contacts)
        {
            foreach (var id in contact.Sites.Where(id => !sites.Contains(id)))
                problems.Add(new(contact, "sites", Dangling(id, new("点位", "site"), sites)));
        }
    }

    private static void PeopleCheck(List<FacilityProblem> problems, Facility facility)
    {
        var people = facility.People;
        Duplicates(problems, people.Persons, person => person.Id, new LocalText("人员", "person"));
        Duplicates(problems, people.Teams, team => team.Id, new LocalText("班组", "team"));
        var sites = facility.Sites.Select(site => site.Id).ToList();
        var persons = people.Persons.Select(person => person.Id).ToList();
        foreach (var team in people.Teams)
        {
            foreach (var id in team.Sites.Where(id => !sites.Contains(id)))
                problems.Add(new(team, "sites", Dangling(id, new("点位", "site"), sites)));
            if (team.Fallback is { } fallback && !persons.Contains(fallback))
                problems.Add(new(team, "fallback", Dangling(fallback, new("人员", "person"), persons)));
            foreach (var shift in team.Shifts)
            {
                foreach (var id in shift.Persons.Where(id => !persons.Contains(id)))
                    problems.Add(new(shift, "people", Dangling(id, new("人员", "person"), persons)));
            }

            foreach (var one in team.Overrides)
            {
                Known(problems, one, "person", one.Person, persons);
                Known(problems, one, "for", one.For, persons);
            }

            foreach (var swap in team.Swaps)
            {
                Known(problems, swap, "one", swap.One, persons);
                Known(problems, swap, "other", swap.Other, persons);
            }
        }

        Chains(problems, people, sites);
        // People stand in a file of their own outside version control: where there is none, a registry is not wrong for that.
        foreach (var device in facility.Sites.SelectMany(site => persons.Count > 0 ? site.Devices : []))
        {
            foreach (var id in device.Operators)
                Known(problems, device, "operators", id, persons);
        }
    }

    private static void Chains(List<FacilityProblem> problems, People people, List<string> sites)
    {
        foreach (var chain in people.Chains)
        {
            foreach (var id in chain.Sites.Where(id => !sites.Contains(id)))
                problems.Add(new(chain, "sites", Dangling(id, new("点位", "site"), sites)));
            // A tier that nobody belongs to is skipped at once: that may be meant, but whoever wrote the step waits for somebody.
            foreach (var tier in chain.Chain.Steps.SelectMany(step => step.Tiers).Distinct())
            {
                var empty = chain.Sites.Count == 0
                    ? people.Teams.Any(team => team.Tier == tier) ? [] : [""]
                    : chain.Sites.Where(sites.Contains).Where(site => !people.Teams.Any(team => team.Tier == tier && team.Covers(site)));
                foreach (var site in empty)
                {
                    problems.Add(new(chain, "steps", new(
                        $"{(site.Length == 0 ? "" : site + " ")}没有 {Words.Of(tier)} 这一级的班组，这一步会立即跳过；请在 teams 里加一个，或从 tiers 里删去",
                        $"{(site.Length == 0 ? "no site" : site)} has {(site.Length == 0 ? "a" : "no")} team of tier {Words.Of(tier)}, and the step is skipped at once; add one under teams, or remove it from tiers"), IsWarning: true));
                }
            }
        }

        var doubled = people.Chains.SelectMany(chain => (chain.Sites.Count == 0 ? [""] : chain.Sites).Select(site => (chain, site)))
            .GroupBy(one => (one.chain.Priority, one.site)).SelectMany(same => same.Skip(1));
        foreach (var (chain, site) in doubled)
        {
            problems.Add(new(chain, chain.Sites.Count == 0 ? "priority" : "sites", new(
                $"{(site.Length == 0 ? "所有点位" : site)}的 {chain.Priority} 已经有一条 chains；请合并成一条", $"{(site.Length == 0 ? "all sites have" : site + " has")} a chain for {chain.Priority} already; make them one")));
        }
    }

    private static void Known(List<FacilityProblem> problems, object subject, string key, string? id, List<string> persons)
    {
        if (id is { Length: > 0 } && !persons.Contains(id))
            problems.Add(new(subject, key, Dangling(id, new("人员", "person"), persons)));
    }

    private static void Duplicates<T>(List<FacilityProblem> problems, IEnumerable<T> things, Func<T, string> id, LocalText what)
        where T : class
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var thing in things)
        {
            if (id(thing).Length > 0 && !seen.Add(id(thing)))
            {
                problems.Add(new(thing, "id", new(
                    $"{what.Zh} '{id(thing)}' 重复；请换一个编号", $"{what.En} '{id(thing)}' is there twice; give one of them another id")));
            }
        }
    }

    private static void Overrides(List<FacilityProblem> problems, object subject, RuleSettings overrides, KnownRules? rules)
    {
        if (rules is null)
            return;
        foreach (var (rule, settings) in overrides.ByRule)
        {
            if (!rules.ByName.TryGetValue(rule, out var known))
            {
                problems.Add(new(subject, $"rules.{rule}", new(
                    $"没有名为 '{rule}' 的规则{Nearest(rule, rules.ByName.Keys, chinese: true)}",
                    $"there is no rule '{rule}'{Nearest(rule, rules.ByName.Keys, chinese: false)}")));
                continue;
            }

            foreach (var (name, value) in settings)
                Override(problems, subject, rule, name, value, known, rules.Find(rule, name));
        }
    }

    private static void Override(
        List<FacilityProblem> problems, object subject, string rule, string name, double value, IReadOnlyList<KnownRuleSetting> known, KnownRuleSetting? setting)
    {
        if (setting is null)
        {
            var names = known.Select(one => one.Name).ToList();
            problems.Add(new(subject, $"rules.{rule}.{name}", new(
                $"规则 '{rule}' 没有设置 '{name}'{Nearest(name, names, chinese: true)}",
                $"rule '{rule}' has no setting '{name}'{Nearest(name, names, chinese: false)}")));
        }
        else if (!(value >= setting.Min && value <= setting.Max))
        {
            problems.Add(new(subject, $"rules.{rule}.{name}", new(
                FormattableString.Invariant($"{value} 超出范围；请写 {setting.Min} 到 {setting.Max}"),
                FormattableString.Invariant($"{value} is out of range; write {setting.Min} to {setting.Max}"))));
        }
    }

    private static LocalText Dangling(string id, LocalText what, IEnumerable<string> there) => new(
        $"没有{what.Zh} '{id}'{Nearest(id, there, chinese: true)}", $"there is no {what.En} '{id}'{Nearest(id, there, chinese: false)}");

    private static string Nearest(string word, IEnumerable<string> known, bool chinese)
    {
        var names = known.Where(name => name.Length > 0).ToList();
        if (Suggestion.For(word, names) is { } near)
            return chinese ? $"；是不是 '{near}'？" : $"; did you mean '{near}'?";
        if (names.Count == 0)
            return chinese ? "；这里一个也没有登记" : "; none is registered here";
        // More than a dozen names would be a catalogue, not a hint.
        var shown = string.Join(chinese ? "、" : ", ", names.Take(12));
        return chinese ? $"；已有：{shown}{(names.Count > 12 ? "……" : "")}" : $"; there are: {shown}{(names.Count > 12 ? " …" : "")}";
    }

    private sealed class SiteCheck(Site site, KnownRules? rules, List<FacilityProblem> problems)
    {
        private readonly ILookup<string, Circuit> _circuits = site.Circuits.ToLookup(circuit => circuit.Id, StringComparer.Ordinal);
        private readonly ILookup<string, DeviceEntry> _devices = site.Devices.ToLookup(device => device.Id, StringComparer.Ordinal);
        private readonly HashSet<string> _places = site.Places.Select(place => place.Id).ToHashSet(StringComparer.Ordinal);

        public void Run()
        {
            Duplicates(problems, site.Buildings, building => building.Id, new("楼栋", "building"));
            Duplicates(problems, site.Places, place => place.Id, new("位置", "place"));
            Duplicates(problems, site.Circuits, circuit => circuit.Id, new("回路", "circuit"));
            Duplicates(problems, site.Devices, device => device.Id, new("设备", "device"));
            Duplicates(problems, site.FireEquipment, equipment => equipment.Id, new("消防器材", "fire equipment"));
            OnePathOneThing();
            Overrides(problems, site, site.Rules, rules);
            foreach (var place in site.Places)
                Refer(place, "building", place.Building, new("楼栋", "building"), site.Buildings.Select(building => building.Id));
            foreach (var circuit in site.Circuits)
                Check(circuit);
            Cycles();
            MetersTwice();
            foreach (var device in site.Devices)
                Check(device);
            foreach (var equipment in site.FireEquipment)
                Refer(equipment, "place", equipment.Place, new("位置", "place"), _places);
        }

        /// <summary>Asset paths begin <c>site/…</c> with a place, a circuit, or a device that stands directly on the site; one path must be one thing.</summary>
        private void OnePathOneThing()
        {
            foreach (var circuit in site.Circuits.Where(circuit => _places.Contains(circuit.Id)))
                problems.Add(new(circuit, "id", Ambiguous(circuit.Id, new("位置", "place"))));
            foreach (var device in site.Devices.Where(device => device.Place is null && device.Id.Length > 0))
            {
                if (_places.Contains(device.Id))
                    problems.Add(new(device, "id", Ambiguous(device.Id, new("位置", "place"))));
                else if (_circuits.Contains(device.Id))
                    problems.Add(new(device, "id", Ambiguous(device.Id, new("回路", "circuit"))));
            }
        }

        private LocalText Ambiguous(string id, LocalText other) => new(
            $"'{id}' 也是一个{other.Zh}的编号，告警里 {site.Id}/{id} 就会有两个意思；请换一个编号",
            $"'{id}' is also the id of a {other.En}, so {site.Id}/{id} in an alert would mean two things; give one of them another id");

        private void Check(Circuit circuit)
        {
            Overrides(problems, circuit, circuit.Rules, rules);
            if (circuit is { Phases: 3, Phase: not null })
            {
                problems.Add(new(circuit, "phase", new(
                    $"三相回路不挂在某一相上（写了 {circuit.Phase}）；请删去 'phase'，或写 'phases: 1'",
                    $"a three-phase circuit hangs on no single phase (it says {circuit.Phase}); remove 'phase' or write 'phases: 1'")));
            }

            Refer(circuit, "meter", circuit.Meter, new("电表", "meter"),
                site.Devices.Where(device => device.Kind is DeviceKind.Meter or DeviceKind.Plug).Select(device => device.Id), WrongKindOfMeter);
            if (circuit is { MeterChannel: not null, Meter: null })
            {
                problems.Add(new(circuit, "meter-channel", new(
                    "写了电表通道，却没有 'meter'；请补上电表或删去这一行", "names a channel but no 'meter'; add the meter or remove this line")));
            }
            else if (circuit is { MeterChannel: { } channel, Phases: 3 } && channel.Kind == Readings.ChannelKind.Phase)
            {
                problems.Add(new(circuit, "meter-channel", new(
                    $"三相回路不能只看一相（{channel}）；请删去这一行，会读 l1、l2、l3", $"one phase ({channel}) cannot measure a three-phase circuit; remove this line and l1, l2, l3 are read")));
            }

            foreach (var building in circuit.Buildings)
                Refer(circuit, "buildings", building, new("楼栋", "building"), site.Buildings.Select(one => one.Id));
            Refer(circuit, "parent", circuit.Parent, new("回路", "circuit"), site.Circuits.Select(one => one.Id));
            if (circuit.Parent is { } id && _circuits[id].FirstOrDefault() is { } parent)
                BelowParent(circuit, parent);
        }

        private LocalText? WrongKindOfMeter(string id) => _devices[id].FirstOrDefault() is { } other
            ? new($"'{id}' 不是电表（{Words.Of(other.Kind)}）；请写一台 kind: meter 或 plug 的设备", $"'{id}' is no meter but a {Words.Of(other.Kind)}; name a device of kind meter or plug")
            : null;

        private void BelowParent(Circuit circuit, Circuit parent)
        {
            if (parent.Phases == 1 && circuit.Phases == 3)
            {
                problems.Add(new(circuit, "phases", new(
                    $"上级 '{parent.Id}' 是单相，下面不能有三相回路；请核对两者的 'phases'", $"its parent '{parent.Id}' is single-phase and cannot feed three phases; check 'phases' of both")));
            }
            else if (parent is { Phases: 1, Phase: { } above } && circuit.Phase is { } own && own != above)
            {
                problems.Add(new(circuit, "phase", new(
                    $"在第 {own} 相，上级 '{parent.Id}' 却在第 {above} 相；请核对两者", $"is on phase {own} but its parent '{parent.Id}' on phase {above}; check both")));
            }

            if (circuit.RatedA > parent.RatedA)
            {
                problems.Add(new(circuit, "rated-a", new(
                    FormattableString.Invariant($"额定 {circuit.RatedA} A 大于上级 '{parent.Id}' 的 {parent.RatedA} A；请到配电箱核对"),
                    FormattableString.Invariant($"{circuit.RatedA} A is more than the {parent.RatedA} A of its parent '{parent.Id}'; look at the breakers")), IsWarning: true));
            }
        }

        /// <summary>Each cycle is told once, at its first circuit, with the whole way round.</summary>
        private void Cycles()
        {
            var told = new HashSet<string>(StringComparer.Ordinal);
            foreach (var start in site.Circuits)
            {
                var way = new List<string>();
                for (var at = start; at is not null && !told.Contains(at.Id); at = at.Parent is { } up ? _circuits[up].FirstOrDefault() : null)
                {
                    var begin = way.IndexOf(at.Id);
                    way.Add(at.Id);
                    if (begin < 0)
                        continue;
                    var round = string.Join(" → ", way.Skip(begin));
                    problems.Add(new(_circuits[at.Id].First(), "parent", new(
                        $"回路互为上级：{round}；请让其中一个没有 'parent'", $"the circuits feed each other: {round}; one of them must have another parent or none")));
                    break;
                }

                told.UnionWith(way);
            }
        }

        private void MetersTwice()
        {
            var measured = new List<Circuit>();
            foreach (var circuit in site.Circuits.Where(circuit => circuit.Meter is not null))
            {
                // Without a channel a circuit takes its meter whole.
                var other = measured.FirstOrDefault(one => one.Meter == circuit.Meter
                    && (one.MeterChannel is null || circuit.MeterChannel is null || one.MeterChannel == circuit.MeterChannel));
                if (other is not null)
                {
                    problems.Add(new(circuit, "meter", new(
                        $"'{circuit.Meter}' 已在量回路 '{other.Id}'；一块表只量一条回路，多通道的表请写 'meter-channel'",
                        $"'{circuit.Meter}' already measures circuit '{other.Id}'; a meter measures one circuit, or give each its 'meter-channel'")));
                }

                measured.Add(circuit);
            }
        }

        private void Check(DeviceEntry device)
        {
            Overrides(problems, device, device.Rules, rules);
            Refer(device, "place", device.Place, new("位置", "place"), _places);
            Refer(device, "circuit", device.Circuit, new("回路", "circuit"), site.Circuits.Select(circuit => circuit.Id));
            Refer(device, "gateway", device.Gateway, new("网关", "gateway"),
                site.Devices.Where(one => one.Kind == DeviceKind.Gateway).Select(one => one.Id), WrongKindOfGateway);
            if (device.Gateway is not null && ReachedThroughItself(device))
            {
                problems.Add(new(device, "gateway", new(
                    $"经由 '{device.Gateway}' 又回到自己；请写它真正经过的网关", $"the way through '{device.Gateway}' comes back to itself; name the gateway it is really reached through")));
            }

            Sockets(device);
            OnlyOf(device);
            Desired(device);
            if (device.Kind is DeviceKind.Pile or DeviceKind.Cabinet && device.Circuit is { } id && _circuits[id].FirstOrDefault() is { } circuit
                && circuit.Kind != CircuitKind.Charging)
            {
                problems.Add(new(device, "circuit", new(
                    $"充电设备接在 '{circuit.Id}'（{Words.Of(circuit.Kind)}）上；通常应接充电回路（kind: charging），请核对",
                    $"charges from '{circuit.Id}', a {Words.Of(circuit.Kind)} circuit; usually it is one of kind charging, please check"), IsWarning: true));
            }
        }

        private LocalText? WrongKindOfGateway(string id) => _devices[id].FirstOrDefault() is { } other
            ? new($"'{id}' 不是网关（{Words.Of(other.Kind)}）；请写一台 kind: gateway 的设备", $"'{id}' is no gateway but a {Words.Of(other.Kind)}; name a device of kind gateway")
            : null;

        private bool ReachedThroughItself(DeviceEntry device)
        {
            var seen = new HashSet<string>(StringComparer.Ordinal);
            for (var at = device.Gateway; at is not null && seen.Add(at); at = _devices[at].FirstOrDefault()?.Gateway)
            {
                if (at == device.Id)
                    return true;
            }

            return false;
        }

        private void Desired(DeviceEntry device)
        {
            if (device.Desired is not { } desired)
                return;
            if (device.Foreign is not null)
            {
                problems.Add(new(device, "desired", new(
                    "外来设备不听 cfg；请删去 'desired'，在设备自己的页面上设置", "a foreign device does not take a configuration of ours; remove 'desired' and set it on the device itself")));
            }

            if (desired.LimitW is not null && device.Kind is not (DeviceKind.Pile or DeviceKind.Cabinet))
            {
                problems.Add(new(device, "desired.limit-w", new(
                    $"{Words.Of(device.Kind)} 没有充电口，谈不上功率限值；请删去这一行", $"a {Words.Of(device.Kind)} has no sockets to limit; remove this line")));
            }
            else if (desired.LimitW > device.SocketRatedW)
            {
                problems.Add(new(device, "desired.limit-w", new(
                    FormattableString.Invariant($"{desired.LimitW} W 高于额定 {device.SocketRatedW} W（socket-rated-w）；请改小"),
                    FormattableString.Invariant($"{desired.LimitW} W is more than the {device.SocketRatedW} W that 'socket-rated-w' allows; lower it"))));
            }

            if (desired.PeriodS > device.PeriodS)
            {
                problems.Add(new(device, "desired.period-s", new(
                    FormattableString.Invariant($"要它 {desired.PeriodS} 秒报一次，却按 {device.PeriodS} 秒监督（period-s）；会误报失联，请核对"),
                    FormattableString.Invariant($"is asked to report every {desired.PeriodS} s and supervised by {device.PeriodS} s ('period-s'): it would be called silent; check both"))));
            }
        }

        /// <summary>What is written for one kind of device and means nothing for another.</summary>
        private void OnlyOf(DeviceEntry device)
        {
            (string Key, bool IsWritten, DeviceKind Kind)[] keys =
            [
                ("rated-load-kg", device.RatedLoadKg is not null, DeviceKind.Climber),
                ("operators", device.Operators.Count > 0, DeviceKind.Climber),
                ("rated-angle-deg", device.RatedAngleDeg is not null, DeviceKind.Climber),
                ("heat-class", device.HeatClass is not null, DeviceKind.Shed),
                ("noise-class", device.NoiseClass is not null, DeviceKind.Noise),
                ("group-times", device.GroupTimes.Count > 0, DeviceKind.Noise),
            ];
            foreach (var (key, isWritten, kind) in keys)
            {
                if (isWritten && device.Kind != kind)
                {
                    problems.Add(new(device, key, new(
                        $"只有 {Words.Of(kind)} 才有这一项，这里是 {Words.Of(device.Kind)}；请删去这一行或核对 'kind'",
                        $"belongs to a {Words.Of(kind)}, and this is a {Words.Of(device.Kind)}; remove this line or check 'kind'")));
                }
            }

            foreach (var group in device.GroupTimes.Where(group => group.FromHour.Equals(group.ToHour)))
            {
                problems.Add(new(device, "group-times", new(
                    FormattableString.Invariant($"从 {group.FromHour} 点到 {group.ToHour} 点没有时间；请核对"), FormattableString.Invariant($"from {group.FromHour} to {group.ToHour} there is no time; check both"))));
            }
        }

        private void Sockets(DeviceEntry device)
        {
            var channel = device.Kind switch
            {
                DeviceKind.Pile or DeviceKind.Plug => Readings.ChannelKind.Socket,
                DeviceKind.Cabinet => Readings.ChannelKind.Slot,
                DeviceKind.Meter or DeviceKind.Shed or DeviceKind.Climber or DeviceKind.LiftBlocker or DeviceKind.Noise or DeviceKind.Lamp
                    or DeviceKind.CallButton or DeviceKind.Gateway or DeviceKind.Siren or DeviceKind.Camera => Readings.ChannelKind.Main,
            };
            if (channel == Readings.ChannelKind.Main && device.Sockets > 0)
            {
                problems.Add(new(device, "sockets", new(
                    $"{Words.Of(device.Kind)} 没有充电口（写了 {device.Sockets}）；请删去这一行或核对 'kind'",
                    $"a {Words.Of(device.Kind)} has no sockets (it says {device.Sockets}); remove this line or check 'kind'")));
            }
            else if (device.Kind is DeviceKind.Pile or DeviceKind.Cabinet && device.Sockets == 0)
            {
                problems.Add(new(device, "sockets", new("没有写充电口或仓位数；请加 'sockets: 10' 这样一行", "does not say how many sockets or slots it has; add a line such as 'sockets: 10'")));
            }

            foreach (var reserved in device.Reserved)
            {
                if (channel == Readings.ChannelKind.Main || reserved.Kind != channel || reserved.Number > device.Sockets)
                {
                    var range = channel == Readings.ChannelKind.Main || device.Sockets == 0 ? null
                        : $"{Readings.ChannelId.Of(channel, 1)}…{Readings.ChannelId.Of(channel, device.Sockets)}";
                    problems.Add(new(device, "reserved", new(
                        $"没有充电口 '{reserved}'；{(range is null ? "请删去这一行" : $"这台有 {range}")}",
                        $"there is no socket '{reserved}'; {(range is null ? "remove this line" : $"this one has {range}")}")));
                }
            }

            if (device.Reserved.Distinct().Count() != device.Reserved.Count)
                problems.Add(new(device, "reserved", new("同一个充电口写了两次；请删去一个", "names a socket twice; remove one of them")));
        }

        private void Refer(object subject, string key, string? id, LocalText what, IEnumerable<string> there, Func<string, LocalText?>? instead = null)
        {
            var known = there as ICollection<string> ?? [.. there];
            if (id is not null && !known.Contains(id))
                problems.Add(new(subject, key, instead?.Invoke(id) ?? Dangling(id, what, known)));
        }
    }
}
