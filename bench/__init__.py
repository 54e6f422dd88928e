"""Speed and memory promises, as ratios against a plain baseline in the same run; never timed tests."""
