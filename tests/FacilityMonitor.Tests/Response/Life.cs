using FacilityMonitor.Alerts;
using FacilityMonitor.Registry;
using FacilityMonitor.Response;

namespace FacilityMonitor.Tests.Response;

/// <summary>One alert as its facts add up; the clock is moved by the test, in seconds since it was raised.</summary>
internal sealed class Life
{
    public const long StartMs = 1_795_168_800_000;

    private readonly Priority _priority;
    private int _number;

    public Life(Priority priority, Exercise exercise = Exercise.None)
    {
        _priority = priority;
        Rules(Condition.Active, exercise: exercise);
    }

    public List<ResponseEvent> Facts { get; } = [];

    public AlertResponse State { get; private set; } = null!;

    public long NowMs { get; private set; } = StartMs;

    /// <summary>Persons on duty, as the roster would say.</summary>
    public int OnDuty { get; set; } = 5;

    public ResponseStage Stage => State.Stage;

    public Life At(double seconds)
    {
        NowMs = StartMs + (long)(seconds * 1_000);
        return this;
    }

    /// <summary>The rules say something.</summary>
    public Life Rules(Condition condition, Priority? priority = null, Exercise exercise = Exercise.None)
    {
        var step = new AlertTransition
        {
            AlertId = "a1",
            Rule = "smoke",
            Priority = priority ?? State?.Priority ?? _priority,
            Condition = condition,
            AtMs = NowMs,
            OnsetMs = StartMs,
            Site = "huaihai",
            Asset = "huaihai/shed-1/shed-01",
            Sequence = _number++,
            Text = new LocalText("烟", "smoke"),
        };
        Add(ResponseLife.Observe(State, step, NowMs, NowMs + ResponseTiming.GroupWaitMs(step.Priority), exercise));
        return this;
    }

    /// <summary>Somebody does something; the refusal, or null.</summary>
    public string? Does(string person, ResponseCommand command)
    {
        switch (ResponseLife.Decide(State, command, new Actor(person, "link"), NowMs, ResponseLife.Required(State.Priority, OnDuty)))
        {
            case ResponseDecision.Done done:
                Add(done.Events);
                return null;
            case ResponseDecision.Refused refused:
                Assert.NotEmpty(refused.Refusal.Text.Zh);
                Assert.NotEmpty(refused.Refusal.Text.En);
                return refused.Refusal.Reason;
            default:
                throw new InvalidOperationException();
        }
    }

    public Life Acknowledges(string person)
    {
        Assert.Null(Does(person, new ResponseCommand.Acknowledge()));
        return this;
    }

    /// <summary>Time goes by until nothing more follows from it.</summary>
    public Life Elapses()
    {
        while (ResponseLife.Elapse(State, NowMs) is { Count: > 0 } facts)
            Add(facts);
        return this;
    }

    public void Add(params IReadOnlyList<ResponseEvent> facts)
    {
        foreach (var fact in facts)
        {
            Facts.Add(fact);
            State = AlertResponse.Apply("a1", State, fact);
        }
    }

    public int Count<T>()
        where T : ResponseEvent => Facts.OfType<T>().Count();
}
