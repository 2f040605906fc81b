"""What the two stores share: their SQL, how rows become values, and how a movement is booked."""
