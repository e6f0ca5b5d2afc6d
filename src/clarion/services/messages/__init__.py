"""Messages by themselves: send one or many, look, cancel, decide about a doubt. One file per verb."""
