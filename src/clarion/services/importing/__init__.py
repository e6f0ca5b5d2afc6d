"""From a file of people to contacts and lists: inspect, start, run, rejects. Import the module of the verb."""
