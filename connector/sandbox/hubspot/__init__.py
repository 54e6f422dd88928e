"""A HubSpot account on this machine: the vendor's documented behaviour, faults and limits included."""
