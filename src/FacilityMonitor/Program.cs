Console.WriteLine("facility-monitor");
