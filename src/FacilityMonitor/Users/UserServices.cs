using FacilityMonitor.Journal;
using Microsoft.AspNetCore.Identity;

namespace FacilityMonitor.Users;

/// <summary>Who may sign in, and what they did.</summary>
internal static class UserServices
{
    public static void AddUsers(this IHostApplicationBuilder builder)
    {
        builder.Services.AddSingleton(services => UserDirectory.Open(services.GetRequiredService<Database>(), services.GetRequiredService<TimeProvider>()));
        builder.Services.Configure<PasswordHasherOptions>(options => options.IterationCount = PasswordCheck.Iterations);
        builder.Services.AddSingleton<PasswordCheck>();
        builder.Services.AddSingleton<OneTimeLinks>();
        builder.Services.AddSingleton<UserDesk>();
        builder.Services.AddHostedService<FirstAdministrator>();
    }
}
