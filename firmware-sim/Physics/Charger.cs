namespace FirmwareSim.Physics;

/// <summary>A charger with its pack, plugged in: constant current while the voltage climbs, constant voltage while the current falls, then a tail of a few watts.</summary>
/// <remarks>A charger regulates its output, so its power hardly follows the mains voltage.</remarks>
internal sealed class Charger
{
    private const double SwitchOverMin = 0.75;
    private const double TopUpMin = 35;
    private const double PieceS = 15;
    private const double NoiseShare = 0.0012;
    private const double WarmUpTauMin = 5;
    private const double TailSettlesMin = 50;
    private const double RefreshMin = 12;

    private readonly ChargerModel _model;
    private readonly Randomness _random;
    private readonly double _firstSoc;
    private int _pack = 1;
    private Stage _stage;
    private double _stageMin;
    private double _onMin;
    private double _tailMin;

    /// <param name="model">Whose charger and pack.</param>
    /// <param name="soc">State of charge at the start, 0 to 1. Above <see cref="ChargerModel.TaperFrom"/> it starts in the taper.</param>
    /// <param name="random">Its noise; null for a curve without any.</param>
    public Charger(ChargerModel model, double soc, Randomness? random = null)
    {
        _model = model;
        _random = random ?? new Randomness(0, "");
        HasNoise = random is not null;
        _firstSoc = soc;
        Begin(soc);
    }

    private enum Stage
    {
        ConstantCurrent,
        ConstantVoltage,
        SwitchOver,
        TopUp,
        Refresh,
        Tail,
        Standby,
    }

    public ChargerModel Model => _model;

    /// <summary>State of charge of the pack in turn, 0 to 1.</summary>
    public double Soc { get; private set; }

    /// <summary>AC power now, W.</summary>
    public double Watts { get; private set; }

    public double PowerFactor => Watts < 0.15 * _model.PeakW ? 0.45 : _model.PowerFactor;

    public bool IsInTaper => _stage is Stage.ConstantVoltage or Stage.TopUp;

    /// <summary>The charge is over: what follows is the tail, at most with a short second charge.</summary>
    public bool IsDone => _stage is Stage.Tail or Stage.Refresh or Stage.Standby;

    /// <summary>Somebody carries the pack upstairs and leaves the charger in the socket.</summary>
    public void TakePackAway() => Enter(Stage.Standby);

    /// <summary>Whether its pack is still on it.</summary>
    public bool HasPack => _stage != Stage.Standby;

    private bool HasNoise { get; }

    /// <summary>Lets it charge for some time; <see cref="Watts"/> is then the power at the end of it.</summary>
    public void Step(double seconds)
    {
        // A stage that ends does so at the end of a piece: short pieces keep long steps on the same curve.
        for (; seconds > PieceS; seconds -= PieceS)
            Advance(PieceS / 60);
        Advance(seconds / 60);
        Watts = Power();
    }

    private void Advance(double minutes)
    {
        _onMin += minutes;
        _stageMin += minutes;
        switch (_stage)
        {
            case Stage.ConstantCurrent:
                Soc = Math.Min(Soc + (_model.CurrentA / 60 * minutes * _model.ChargeEfficiency / _model.CapacityAh), _model.TaperFrom);
                if (Soc >= _model.TaperFrom && !_model.HasShortedCell)
                    Enter(_pack < _model.Packs ? Stage.SwitchOver : AfterPeak);
                break;
            case Stage.ConstantVoltage:
                Soc = SocInTaper();
                if (_model.Taper.Share(_stageMin) < _model.TailBelow)
                    Enter(_model.Packs > 1 ? Stage.TopUp : Stage.Tail);
                break;
            case Stage.SwitchOver:
                if (_stageMin >= SwitchOverMin)
                {
                    _pack++;
                    Begin(_firstSoc);
                }

                break;
            case Stage.TopUp:
                if (_stageMin >= TopUpMin)
                    Enter(Stage.Tail);
                break;
            case Stage.Refresh:
                if (_stageMin >= RefreshMin)
                    Enter(Stage.Tail);
                break;
            case Stage.Tail:
                _tailMin += minutes;
                if (_stageMin >= _model.RefreshAfterMin)
                    Enter(Stage.Refresh);
                break;
            case Stage.Standby:
                break;
        }
    }

    private Stage AfterPeak => _model.Taper is Taper.None ? Stage.Tail : Stage.ConstantVoltage;

    private void Begin(double soc)
    {
        Soc = soc;
        if (soc >= 1)
        {
            Enter(Stage.Tail);
        }
        else if (soc >= _model.TaperFrom)
        {
            Enter(Stage.ConstantVoltage);
            _stageMin = _model.Taper.MinuteWith((1 - soc) * _model.CapacityAh * 60 / _model.CurrentA / _model.ChargeEfficiency);
        }
        else
        {
            Enter(Stage.ConstantCurrent);
        }

        Watts = Power();
    }

    private void Enter(Stage stage)
    {
        _stage = stage;
        _stageMin = 0;
    }

    private double SocInTaper() =>
        1 - (_model.CurrentA / 60 * _model.Taper.Remaining(_stageMin) * _model.ChargeEfficiency / _model.CapacityAh);

    private double Power() => Noise() * (_stage switch
    {
        Stage.ConstantCurrent => _model.PeakW * (_model.HasShortedCell ? ClimbedToWithoutACell() : ClimbedTo()) * WarmUp(),
        Stage.ConstantVoltage => _model.PeakW * _model.Taper.Share(_stageMin),
        // One pack let go, the other not yet taken: seen as a dip to half for less than a minute.
        Stage.SwitchOver => 0.5 * _model.PeakW,
        // The first pack rested while the second charged: 64 W falling to 25 W was measured on a 213 W charger.
        Stage.TopUp => _model.PeakW * 0.3 * Math.Exp(-_stageMin / TopUpMin),
        // What a pack takes again once its voltage has sunk: a third of the peak for some minutes.
        Stage.Refresh => _model.PeakW * 0.35 * Math.Exp(-_stageMin / RefreshMin),
        // 6.3 W falling to 4.3 W within an hour was measured.
        Stage.Tail => _model.TailW * (1 + (0.4 * Math.Exp(-_tailMin / TailSettlesMin))),
        Stage.Standby => _model.StandbyW,
        _ => 0,
    });

    /// <summary>Terminal voltage over end voltage. Nearly a line over most of the charge, bending up towards the end: 0.03 to 0.2 % a minute.</summary>
    private double ClimbedTo()
    {
        var done = Math.Clamp(Soc / _model.TaperFrom, 0, 1);
        var shape = _model.Chemistry switch
        {
            Chemistry.LeadAcid => (0.72 * done) + (0.28 * done * done * done * done),
            Chemistry.Nmc => (0.85 * done) + (0.15 * done * done * done * done * done * done),
            Chemistry.Lfp => (0.55 * (1 - Math.Exp(-done / 0.03))) + (0.18 * done) + (0.27 * Math.Pow(done, 40)),
        };
        return 1 - (_model.Climb * (1 - shape));
    }

    /// <summary>One cell of many gives nothing towards the voltage; when the others gas and heat, the power creeps up instead of falling.</summary>
    private double ClimbedToWithoutACell() => Soc < _model.TaperFrom ? 0.97 * ClimbedTo() : Math.Min(0.97 + (0.0001 * _stageMin), 1.01);

    /// <summary>Losses are a little higher in the first minutes.</summary>
    private double WarmUp() => 1 + (_model.WarmUp * Math.Exp(-_onMin / WarmUpTauMin));

    private double Noise() => HasNoise ? 1 + (NoiseShare * _random.Normal()) : 1;
}
