using Xunit.Abstractions;
using Xunit.Sdk;

namespace FacilityMonitor.Tests.Storage;

/// <summary>A test of the suite that every store has to pass. For a store that needs a server it is skipped, and says so, where that is not installed; see <see cref="NeedsServerAttribute"/>.</summary>
[AttributeUsage(AttributeTargets.Method)]
[XunitTestCaseDiscoverer("FacilityMonitor.Tests.Storage.StoreFactDiscoverer", "FacilityMonitor.Tests")]
public sealed class StoreFactAttribute : FactAttribute;

/// <summary>The program that the tests of a class need.</summary>
[AttributeUsage(AttributeTargets.Class)]
public sealed class NeedsServerAttribute(string program) : Attribute
{
    public string Program => program;
}

/// <summary>Knows the class a test of the suite is run for, which an attribute does not.</summary>
public sealed class StoreFactDiscoverer(IMessageSink diagnostics) : FactDiscoverer(diagnostics)
{
    protected override IXunitTestCase CreateTestCase(ITestFrameworkDiscoveryOptions discoveryOptions, ITestMethod testMethod, IAttributeInfo factAttribute)
    {
        ArgumentNullException.ThrowIfNull(testMethod);
        var needs = testMethod.TestClass.Class.GetCustomAttributes(typeof(NeedsServerAttribute)).FirstOrDefault();
        var why = needs is null ? null : RealServerFactAttribute.WhyNot((string)needs.GetConstructorArguments().Single());
        return why is null ? base.CreateTestCase(discoveryOptions, testMethod, factAttribute)
            : new SkippedTestCase(DiagnosticMessageSink, discoveryOptions.MethodDisplayOrDefault(), discoveryOptions.MethodDisplayOptionsOrDefault(), testMethod, why);
    }
}

/// <summary>A test that is not run, with the reason.</summary>
public sealed class SkippedTestCase : XunitTestCase
{
    /// <summary>For the runner, which writes a test case down and reads it again.</summary>
    [Obsolete("Called by the de-serializer")]
    public SkippedTestCase()
    {
    }

    public SkippedTestCase(IMessageSink diagnostics, TestMethodDisplay display, TestMethodDisplayOptions options, ITestMethod method, string why)
        : base(diagnostics, display, options, method) => SkipReason = why;

    public override void Serialize(IXunitSerializationInfo data)
    {
        base.Serialize(data);
        data.AddValue(nameof(SkipReason), SkipReason);
    }

    public override void Deserialize(IXunitSerializationInfo data)
    {
        base.Deserialize(data);
        SkipReason = data.GetValue<string>(nameof(SkipReason));
    }
}
