"""APNs, FCM and SMTP endpoints that speak the real protocols and log what they accept."""
