"""What all stages use of the machine: files, locks, threads, queues, cores, the FFmpeg program."""
